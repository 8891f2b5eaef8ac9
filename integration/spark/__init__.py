"""Archives verified on a real Spark, local[2]: `nox -s spark`."""
