"""What link-time optimization did to a program: values, how they are gathered, and what is asked of them."""
