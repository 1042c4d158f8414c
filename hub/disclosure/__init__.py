"""Disclosure control: what may be said of a figure without saying it of a firm.

Pure functions, values in and verdict out: `rules` for one cell, `coarsening` for a cell that is
too fine, `margins` for a table with totals, `releases` and `overlap` for what several figures tell
together, `public_noise` and `budget` for what everybody may see. All count groups, never
members, over events, never reports: the caller has collapsed both.
Source: domain brief 0 (P1 to P10), 2.4, 3.
"""
