"""Tests of the export, import and deletion of an agency."""
