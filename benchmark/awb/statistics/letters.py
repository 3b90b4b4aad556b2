"""Letters of a ranking: two explainers share one if and only if the tests do not tell them apart.

"Not told apart" is not transitive: the first may differ from the third while neither differs from
the second. Groups of explainers of which no two differ therefore overlap, and need not be
neighbours in the ranking. Such groups, each with a letter, are a compact letter display (Piepho
2004): cliques that together cover every pair that is not told apart. All maximal cliques could be
exponentially many, so cliques are grown around the pairs that are not covered yet, and what turns
out to be redundant is swept out (Gramm et al. 2008).

References
----------
Piepho, H.-P. (2004). An algorithm for a letter-based representation of all-pairwise comparisons.
Journal of Computational and Graphical Statistics 13(2). doi:10.1198/1061860043515
Gramm, J., Guo, J., Hüffner, F., Niedermeier, R., Piepho, H.-P., & Schmid, R. (2008). Algorithms for
compact letter displays: Comparison and evaluation. Computational Statistics & Data Analysis 52(2).
doi:10.1016/j.csda.2006.09.035
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

from awb.errors import ParameterError
from awb.statistics.comparisons import Comparison

Pair = tuple[int, int]


def letter_groups(
    order: Sequence[int], comparisons: Sequence[Comparison], *, alpha: float = 0.05
) -> list[tuple[int, ...]]:
    """Group explainers so that two share a group if and only if they are not told apart.

    Parameters
    ----------
    order : sequence of int
        Columns from best to worst.
    comparisons : sequence of Comparison
        Comparisons of every pair of these columns, from `awb.statistics.compare_all`.
    alpha : float
        Two explainers are told apart when their adjusted p-value is at most this.

    Returns
    -------
    list of tuple of int
        One group per letter, each in the given order, the group of the best first. Every column is
        in at least one; a column that differs from all others is alone.

    Raises
    ------
    ParameterError
        If two columns of the order were not compared.

    References
    ----------
    Piepho, H.-P. (2004). doi:10.1198/1061860043515
    Gramm, J., et al. (2008). doi:10.1016/j.csda.2006.09.035

    Examples
    --------
    >>> from awb.statistics import Comparison, Interval
    >>> gap = Interval(0.1, 0.0, 0.2)
    >>> p_values = {(0, 1): 0.5, (0, 2): 0.01, (1, 2): 0.5}
    >>> letter_groups([0, 1, 2], [Comparison(*pair, gap, p, p) for pair, p in p_values.items()])
    [(0, 1), (1, 2)]
    """
    alike = _alike(order, comparisons, alpha)
    open_pairs = {pair for pair in combinations(range(len(order)), 2) if pair[1] in alike[pair[0]]}
    cliques: list[list[int]] = []
    for pair in sorted(open_pairs):
        if pair in open_pairs:
            cliques.append(_grown(pair, alike, open_pairs))
            open_pairs.difference_update(combinations(cliques[-1], 2))
    alone = [[place] for place, others in enumerate(alike) if not others]
    swept = sorted(_swept(cliques) + alone)
    return [tuple(order[place] for place in clique) for clique in swept]


def _alike(order: Sequence[int], comparisons: Sequence[Comparison], alpha: float) -> list[set[int]]:
    """List, by place in the order, the places that are not told apart from it."""
    differs = {
        frozenset((one.first, one.second)): one.adjusted_p_value <= alpha for one in comparisons
    }
    alike: list[set[int]] = [set() for _ in order]
    for one, other in combinations(range(len(order)), 2):
        pair = frozenset((order[one], order[other]))
        if pair not in differs:
            raise ParameterError(f"columns {order[one]} and {order[other]} were not compared")
        if not differs[pair]:
            alike[one].add(other)
            alike[other].add(one)
    return alike


def _grown(pair: Pair, alike: Sequence[set[int]], open_pairs: set[Pair]) -> list[int]:
    """Grow a pair to a maximal clique that covers many open pairs, the best-ranked first."""
    clique = list(pair)
    candidates = alike[pair[0]] & alike[pair[1]]
    while candidates:

        def gain(place: int) -> tuple[int, int]:
            pairs = ((min(place, one), max(place, one)) for one in clique)
            return sum(each in open_pairs for each in pairs), -place

        chosen = max(candidates, key=gain)
        clique.append(chosen)
        candidates &= alike[chosen]
    return sorted(clique)


def _swept(cliques: list[list[int]]) -> list[list[int]]:
    """Remove members, and so whole cliques, all of whose pairs other cliques cover, too."""
    cliques = [list(clique) for clique in cliques]
    covered = Counter(pair for clique in cliques for pair in combinations(clique, 2))
    for clique in reversed(cliques):
        for member in reversed(list(clique)):
            pairs = [(min(member, one), max(member, one)) for one in clique if one != member]
            if all(covered[pair] > 1 for pair in pairs):
                clique.remove(member)
                covered.subtract(pairs)
    return [clique for clique in cliques if clique]
