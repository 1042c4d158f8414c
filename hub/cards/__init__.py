"""Cards: what members may know of a subject, in bands, each sealed under the keys of its tags."""
