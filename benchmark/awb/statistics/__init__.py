"""Statistics of a board: intervals, comparisons, ranks and agreement, as pure functions."""

from awb.statistics.across import AcrossBoards, boards_needed, compare_across, friedman
from awb.statistics.agreement import kendall_bootstrap, kendall_tau
from awb.statistics.bootstrap import (
    Interval,
    cluster_bootstrap,
    cluster_bootstrap_columns,
)
from awb.statistics.clusters import ClusterSums, cluster_means
from awb.statistics.comparisons import (
    Comparison,
    compare_all,
    holm,
    wilcoxon_p_value,
)
from awb.statistics.independent import least_permutation_p_value, permutation_p_value
from awb.statistics.ranks import (
    CriticalDifference,
    RankInterval,
    critical_difference,
    rank_intervals,
    tie_groups,
)

__all__ = [
    "AcrossBoards",
    "ClusterSums",
    "Comparison",
    "CriticalDifference",
    "Interval",
    "RankInterval",
    "boards_needed",
    "cluster_bootstrap",
    "cluster_bootstrap_columns",
    "cluster_means",
    "compare_across",
    "compare_all",
    "critical_difference",
    "friedman",
    "holm",
    "kendall_bootstrap",
    "kendall_tau",
    "least_permutation_p_value",
    "permutation_p_value",
    "rank_intervals",
    "tie_groups",
    "wilcoxon_p_value",
]
