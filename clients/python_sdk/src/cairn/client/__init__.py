"""The firm's side of the wire: hub, trustees, log, index, and the join that needs no wire.

Nothing here sees a raw value: what comes in is sealed, blinded or hashed by `cairn.raw`, which
this package never imports. Nothing talks at construction, and nothing is sent but what a
function's name says (G4).
"""
