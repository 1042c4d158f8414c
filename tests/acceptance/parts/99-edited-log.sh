# Last, because it damages the log: an operator edits the database.
check "the log verifies" exits 0 cairn "$firm3" log verify --json
psql "update translog_leaves set leaf_hash = decode(repeat('00', 32), 'hex') where leaf_index = 5"
check "an edited leaf is found" exits 5 cairn "$firm3" log verify --json
check "and where is said" grep -q "leaf 5" "$work/answer" "$work/said"
