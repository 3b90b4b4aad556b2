"""Statistics of a board: intervals, comparisons, ranks and agreement, as pure functions."""

from awb.statistics.across import AcrossBoards, boards_needed, compare_across, friedman
from awb.statistics.agreement import kendall_bootstrap, kendall_tau
from awb.statistics.clusters import ClusterSums, cluster_means
from awb.statistics.comparisons import (
    Comparison,
    compare_all,
    holm,
    wilcoxon_p_value,
)
from awb.statistics.independent import least_permutation_p_value, permutation_p_value
from awb.statistics.letters import letter_groups
from awb.statistics.mean_intervals import (
    Interval,
    difference_intervals,
    mean_interval,
    mean_intervals,
)
from awb.statistics.medians import median_intervals
from awb.statistics.power import MOST_CLIPS, Power, power_of
from awb.statistics.ranks import (
    CriticalDifference,
    RankInterval,
    critical_difference,
    rank_intervals,
)
from awb.statistics.sign_flips import LEAST_CLIPS

__all__ = [
    "LEAST_CLIPS",
    "MOST_CLIPS",
    "AcrossBoards",
    "ClusterSums",
    "Comparison",
    "CriticalDifference",
    "Interval",
    "Power",
    "RankInterval",
    "boards_needed",
    "cluster_means",
    "compare_across",
    "compare_all",
    "critical_difference",
    "difference_intervals",
    "friedman",
    "holm",
    "kendall_bootstrap",
    "kendall_tau",
    "least_permutation_p_value",
    "letter_groups",
    "mean_interval",
    "mean_intervals",
    "median_intervals",
    "permutation_p_value",
    "power_of",
    "rank_intervals",
    "wilcoxon_p_value",
]
