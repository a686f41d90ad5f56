"""The importer function of one member cluster: queue batches, resyncs, manual invokes."""
