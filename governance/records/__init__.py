"""The data layer: readers, checks, intake, store, engine and the data set pages read."""
