"""All that sees raw values: inquiries as typed, their normalising and their sanitising.

Nothing here opens a socket. What leaves the firm is made elsewhere from what this
package returns: match keys (blinded before they are sent), codes, and sealed bytes.
"""
