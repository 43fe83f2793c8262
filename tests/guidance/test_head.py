import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidance.head import learn, shares


def test_what_is_learnt_finds_each_phrasing_its_entry():
    dice = np.random.default_rng(1)
    vectors = dice.normal(size=(30, 12)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    owners = np.arange(30, dtype=np.intp) // 3
    alike = vectors @ vectors.T
    weights = learn(alike, owners, 10)
    assert weights.shape == (30, 10)
    assert ((alike @ weights).argmax(1) == owners).all()


def test_what_tells_entries_apart_counts_more_than_what_they_share():
    # Feature 0 is in all, 1 and 2 in one entry each.
    vectors = np.array([[1, 1, 0], [1, 0.9, 0], [1, 0, 1], [1, 0, 0.9]], np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    weights = learn(vectors @ vectors.T, np.array([0, 0, 1, 1], np.intp), 2)
    apart = np.array([0, 0, 1], np.float32) @ vectors.T @ weights
    shared = np.array([1, 0, 0], np.float32) @ vectors.T @ weights
    assert apart[1] - apart[0] > 5 * abs(shared[1] - shared[0])


def test_the_same_is_learnt_again():
    alike = np.eye(4, dtype=np.float32)
    owners = np.array([0, 0, 1, 1], np.intp)
    assert (learn(alike, owners, 2) == learn(alike, owners, 2)).all()


@given(st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=8))
def test_shares_are_probabilities_in_the_order_of_the_scores(scores: list[float]):
    found = shares(np.array(scores, np.float32))
    assert found.sum() == pytest.approx(1, abs=1e-5)
    assert found[np.array(scores).argmax()] == found.max()


def test_of_twins_neither_is_preferred():
    alike = np.ones((2, 2), np.float32)
    weights = learn(alike, np.array([0, 1], np.intp), 2)
    assert np.abs(alike @ weights).max() < 1e-3
