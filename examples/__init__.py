"""Example services in four languages, each traced as is usual there, and `emitters`, which verifies them all."""
