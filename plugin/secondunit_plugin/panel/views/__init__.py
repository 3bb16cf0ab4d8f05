"""One widget a file, each bound to the model and to no other view."""
