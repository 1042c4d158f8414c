"""The translog: leaves promised inside a transaction, sequenced, cosigned by trustees, and served."""
