"""Tools: what makes the documentation, and checks what was made; no part of the package."""
