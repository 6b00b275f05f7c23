from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.features.ingredients import normalise_ingredient, singular

CASES = {
    "2 cups finely chopped roma tomatoes": "tomato",
    "tomatoes": "tomato",
    "1 (14.5 ounce) can diced tomatoes, drained": "tomato",
    "cherry tomatoes": "tomato",
    "sun-dried tomatoes": "sun-dried tomato",
    "½ cup butter, melted": "butter",
    "1½ tablespoons unsalted butter": "butter",
    "1 1/2 cups all-purpose flour": "flour",
    "all-purpose flour": "flour",
    "3-4 cloves garlic, minced": "garlic",
    "garlic cloves": "garlic",
    "2 to 3 cloves of garlic": "garlic",
    "cloves": "clove",
    "ground cloves": "clove",
    "1 teaspoon ground cumin": "cumin",
    "ground beef": "ground beef",
    "1 lb. lean ground beef": "ground beef",
    "freshly ground black pepper": "black pepper",
    "salt and pepper to taste": "salt and pepper",
    "kosher salt": "salt",
    "sea salt": "salt",
    "extra-virgin olive oil": "olive oil",
    "2 tbsp. extra virgin olive oil": "olive oil",
    "fresh cilantro leaves": "cilantro",
    "2 bay leaves": "bay leaf",
    "lime leaves": "lime leaf",
    "basil leaves": "basil",
    "large eggs": "egg",
    "3 large eggs, beaten": "egg",
    "egg yolks": "egg yolk",
    "1 egg white": "egg white",
    "yellow onion": "onion",
    "1 medium onion, chopped": "onion",
    "purple onion": "onion",
    "scallions": "green onion",
    "4 green onions, thinly sliced": "green onion",
    "fresh lemon juice": "lemon juice",
    "juice of 1 lemon": "juice lemon",
    "boneless skinless chicken breast halves": "chicken breast",
    "boneless, skinless chicken breasts": "chicken breast",
    "low sodium chicken broth": "chicken broth",
    "reduced-sodium soy sauce": "soy sauce",
    "500g spaghetti": "spaghetti",
    "500 g spaghetti": "spaghetti",
    "250ml milk": "milk",
    "2 x 400g tins chickpeas": "chickpea",
    "garbanzo beans": "chickpea",
    "grated parmesan cheese": "parmesan",
    "Parmigiano-Reggiano": "parmesan",
    "strawberries": "strawberry",
    "anchovy fillets": "anchovy",
    "radishes": "radish",
    "peaches": "peach",
    "asparagus": "asparagus",
    "couscous": "couscous",
    "molasses": "molasses",
    "hummus": "hummus",
    "1 bunch asparagus": "asparagus",
    "8-ounce package cream cheese": "cream cheese",
    "1 stick butter": "butter",
    "cinnamon sticks": "cinnamon",
    "1 (2-inch) piece fresh ginger, peeled": "ginger",
    "ginger root": "ginger",
    "confectioners' sugar": "powdered sugar",
    "white sugar": "sugar",
    "brown sugar": "brown sugar",
    "russet potatoes": "potato",
    "sweet potatoes": "sweet potato",
    "water": "water",
    "1 cup warm water": "water",
    "vegetable oil for frying": "vegetable oil",
    "vegetable oil cooking spray": "vegetable oil cooking spray",
    "chopped, peeled tomatoes": "tomato",
    "butter or margarine": "butter",
    "olives": "olive",
    "chives": "chive",
    "chopped fresh chives": "chive",
    "celery stalks": "celery",
    "a pinch of saffron": "saffron",
    "2% milk": "milk",
    "jalapeño peppers": "jalapeño pepper",
    "crème fraîche": "crème fraîche",
    "one dozen oysters": "oyster",
    "Brussels sprouts": "brussels sprout",
    "aubergines": "eggplant",
}


@pytest.mark.parametrize(("line", "name"), CASES.items())
def test_a_line_of_a_recipe_names_its_ingredient(line, name):
    assert normalise_ingredient(line) == name


@given(st.text())
def test_any_text_has_a_form_that_has_no_capitals_and_no_borders(line):
    name = normalise_ingredient(line)
    assert name == " ".join(name.split())
    assert "\n" not in name


@pytest.mark.parametrize("name", sorted(set(CASES.values())))
def test_a_normal_form_is_its_own(name):
    assert normalise_ingredient(name) == name


def test_marks_alone_are_nothing():
    assert normalise_ingredient("--- ,, (1)") == ""


@pytest.mark.parametrize("word", ["bass", "swiss", "gas", "pea", "hibiscus"])
def test_what_is_no_plural_stays(word):
    assert singular(word) == word
