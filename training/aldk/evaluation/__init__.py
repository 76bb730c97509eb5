"""The evaluation of any registration method, and the tables it makes. Import the modules: some need heavy libraries."""
