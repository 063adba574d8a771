import numpy as np
import pytest

from linkage.statistics.estimation.captures import Captures
from linkage.statistics.estimation.choice import every_model
from linkage.statistics.estimation.existence import existence
from linkage.statistics.estimation.loglinear import fit, space

# Published for the table "Artificial_3" of the R package SparseMSE: 0 = estimate exists, 1 = no maximum, 2 = not identifiable.
CODES = {
    (): 0,
    ("A:B",): 1,
    ("A:C",): 0,
    ("B:C",): 0,
    ("A:B", "A:C"): 1,
    ("A:B", "B:C"): 1,
    ("A:C", "B:C"): 0,
    ("A:B", "A:C", "B:C"): 2,
}


@pytest.mark.parametrize(("interactions", "code"), CODES.items(), ids=str)
def test_the_existence_codes_of_the_artificial_table_are_reproduced(interactions, code, table, model, fitted):
    artificial, among = table("artificial"), space(3)
    assert existence(artificial, model(artificial, among, interactions), among) == code
    assert fitted(artificial, *interactions)[3] == code


@pytest.mark.parametrize("seed", range(12))
def test_newton_and_the_linear_programme_agree_on_random_sparse_tables(seed):
    rng = np.random.default_rng(seed)
    counts = rng.poisson(rng.choice([0.3, 2.0, 20.0], 16) * rng.random(16))
    counts[0] = 0
    captures, among = Captures(("a", "b", "c", "d"), counts), space(4, 4)
    models = every_model(among)
    codes = fit(counts[None, :].repeat(len(models), axis=0), models, among).code
    proved = np.array([existence(captures, model, among) for model in models])
    assert len(set(proved.tolist())) > 1
    assert (codes == np.where(proved == 3, 2, proved)).all()  # of both faults the fit names the second
