"""The staff's commands, by what they are about."""
