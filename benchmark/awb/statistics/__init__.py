"""Statistics of a board: intervals, comparisons, ranks and agreement. Pure functions, no model."""

from awb.statistics.bootstrap import (
    ClusterSums,
    Interval,
    cluster_bootstrap,
    cluster_bootstrap_columns,
)

__all__ = ["ClusterSums", "Interval", "cluster_bootstrap", "cluster_bootstrap_columns"]
