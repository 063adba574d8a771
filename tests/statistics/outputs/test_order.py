from linkage.statistics.order import in_order


def test_stages_stand_as_a_case_proceeds():
    assert in_order(["_U", "CON", "X", "_T", "SUS", "DET", "PRO"], "stage") == ("_T", "DET", "SUS", "PRO", "CON", "X", "_U")


def test_years_pass_periods_and_the_unknown_one_after_them_and_all_last():
    assert in_order(["_T", "2019", "_U", "2018", "2016-2018"], "year") == ("2018", "2019", "2016-2018", "_U", "_T")


def test_lags_are_numbers_and_each_code_stands_once():
    assert in_order(["10", "2", "_T", "2", "0"], "lag") == ("0", "2", "10", "_T")


def test_the_total_of_sexes_and_the_principal_rule_come_first():
    assert in_order(["M", "_U", "F", "_T", "_O"], "sex") == ("_T", "F", "M", "_O", "_U")
    assert in_order(["any", "principal"], "rule") == ("principal", "any")


def test_other_values_stand_between_the_known_and_the_unknown():
    assert in_order(["_U", "UZB", "_O", "AFG", "_T"]) == ("AFG", "UZB", "_O", "_U", "_T")
