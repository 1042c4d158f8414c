"""The hub: takes reports it cannot read, links them, publishes what no single firm can see."""
