"""What Cargo and rustc tell us, and running them."""
