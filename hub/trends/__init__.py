"""Trends: OPEN codes of live reports as a whole, asked by analysts in named questions.

A snapshot is made on the calendar and kept encrypted (`snapshots`); a question is an expression over it that
names no engine (`expressions`); what comes out passes disclosure control together with all that its
audience was answered before (`disclosing`), and is paid from a budget in the database (`ledger`).
Source: domain brief 3 (T4, T5, T6, T9, T13, T14).
"""
