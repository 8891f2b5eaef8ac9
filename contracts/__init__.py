"""The contracts of studio-api, and the tests that hold the reference implementation to them."""
