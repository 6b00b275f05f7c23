"""The table of rules by which names of ingredients are brought to a normal form; small, and made by hand."""

from __future__ import annotations


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


UNITS = _set(
    """cup cups c tablespoon tablespoons tbsp tbsps tbs tbl tb t teaspoon teaspoons tsp tsps ounce ounces oz pound
    pounds lb lbs gram grams g gr kilogram kilograms kg kilo kilos milligram mg liter liters litre litres l ml cl dl
    milliliter milliliters millilitre millilitres pint pints pt quart quarts qt gallon gallons inch inches cm mm
    dash dashes pinch pinches drop drops splash can cans tin tins jar jars bottle bottles package packages pkg pkgs
    packet packets pack packs bag bags box boxes carton cartons container containers envelope envelopes tub tubs
    tube tubes bunch bunches head heads stalk stalks stick sticks slice slices piece pieces clove cloves sprig
    sprigs handful handfuls knob knobs wedge wedges strip strips sheet sheets cube cubes loaf loaves rib ribs ear
    ears block fluid fl scoop scoops dozen bulb bulbs spear spears fillet fillets filet filets leaf leaves chunk
    chunks serving servings"""
)
"""Words of amount, left out where another word remains."""

MANNER = _set(
    """chopped diced minced sliced grated shredded crushed crumbled cubed julienned quartered halved peeled seeded
    cored pitted trimmed drained rinsed washed cleaned thawed melted softened beaten whisked sifted packed heaping
    rounded scant level toasted roasted cooked uncooked boiled steamed blanched chilled cold warm hot room
    temperature lukewarm boiling finely coarsely roughly thinly thickly lightly freshly fresh frozen raw ripe firm
    dried dry canned bottled prepared large medium small extra-large jumbo mini baby thick thin big little whole
    half lean boneless skinless bone-in skin-on skinned deveined shelled unpeeled unsalted salted sweetened
    unsweetened reduced-sodium low-sodium lowsodium low-fat lowfat fat-free nonfat reduced-fat reduced fat free
    sodium low organic natural pure good quality best-quality homemade store-bought purchased leftover optional
    about approximately additional extra more plus few several some a an the of into cut in removed discarded
    separated divided needed garnish serving torn broken cracked mashed pureed puréed pressed squeezed strained
    rubbed pounded flattened split stemmed hulled husked shucked ground grind bite-sized bite-size size sized inch-
    thick diagonally crosswise lengthwise very well each other refrigerated instant quick-cooking day-old stale
    kosher table fine coarse flaked blended premium plain bitesize all-purpose self-rising extra-virgin"""
)
"""Words of preparation, size and state, left out where another word remains."""

GROUND = _set("beef pork turkey chicken lamb veal meat chuck sirloin round bison venison sausage")
"""What is something else when it is ground."""

KINDS: dict[str, frozenset[str]] = {
    "tomato": _set("roma plum cherry grape beefsteak heirloom vine-ripened vine italian campari red"),
    "onion": _set("yellow white red purple sweet brown vidalia spanish maui bermuda"),
    "potato": _set("russet yukon gold idaho red white baking yellow new fingerling maris piper waxy"),
    "flour": _set("white all purpose unbleached bleached enriched"),
    "salt": _set("sea kosher table iodized maldon rock himalayan pink"),
    "sugar": _set("white granulated caster castor superfine cane"),
    "egg": _set("free-range free range cage hen brown white"),
    "oil": _set("cooking"),
    "olive oil": _set("virgin light"),
    "butter": _set("sweet cream european"),
    "milk": _set("2% 1% skim"),
    "parsley": _set("italian flat-leaf flat curly curly-leaf continental"),
    "basil": _set("sweet italian"),
    "lemon": _set("meyer"),
    "lime": _set("persian key"),
    "apple": _set("granny smith gala fuji golden delicious braeburn tart green red"),
    "carrot": _set("orange"),
    "garlic": _set("white"),
    "shrimp": _set("tiger jumbo gulf"),
    "cucumber": _set("english persian seedless hothouse kirby"),
}
"""Words that tell a kind of an ingredient, left out before it."""

TAILS: dict[str, frozenset[str]] = {
    "leaf": _set("cilantro basil mint thyme oregano parsley rosemary sage tarragon coriander spinach"),
    "clove": frozenset(["garlic"]),
    "stalk": frozenset(["celery", "lemongrass", "rhubarb"]),
    "rib": frozenset(["celery"]),
    "stick": frozenset(["cinnamon"]),
    "sprig": _set("thyme rosemary parsley mint dill"),
    "root": frozenset(["ginger"]),
    "floret": frozenset(["broccoli", "cauliflower"]),
    "half": frozenset(["pecan", "walnut", "breast"]),
    "fillet": _set("salmon anchovy cod tilapia halibut trout"),
}
"""Words that add nothing after an ingredient."""

LEAVES = _set("bay curry lime banana grape fig lotus bamboo betel pandan shiso pepper")
"""Of what the leaf is an ingredient of its own."""

ALIASES = {
    "scallion": "green onion",
    "spring onion": "green onion",
    "coriander leaf": "cilantro",
    "garbanzo bean": "chickpea",
    "garbanzo": "chickpea",
    "chick pea": "chickpea",
    "aubergine": "eggplant",
    "courgette": "zucchini",
    "prawn": "shrimp",
    "gingerroot": "ginger",
    "ginger root": "ginger",
    "capsicum": "bell pepper",
    "sweet pepper": "bell pepper",
    "confectioner sugar": "powdered sugar",
    "confectioners sugar": "powdered sugar",
    "icing sugar": "powdered sugar",
    "bicarbonate soda": "baking soda",
    "bicarb soda": "baking soda",
    "yoghurt": "yogurt",
    "catsup": "ketchup",
    "parmigiano reggiano": "parmesan",
    "parmigiano-reggiano": "parmesan",
    "parmesan cheese": "parmesan",
    "maize": "corn",
    "corn starch": "cornstarch",
    "corn flour": "cornstarch",
    "beetroot": "beet",
    "chilli": "chili",
    "chile": "chili",
    "evoo": "olive oil",
    "h2o": "water",
    "rocket": "arugula",
}
"""Other names of the same."""

SINGULAR = _set(
    """hummus asparagus couscous molasses swiss bass brussels schnapps citrus cactus octopus anise grits watercress
    cress cheese lemongrass glass grass gas hibiscus chorizos stilton pancreas tapas haas hass texas bitters
    schnitzels angus calamansis worcestershire mahi swordfish swiss schmaltz allspice rice juice spice lettuce gras
    nopales applesauce sauce"""
)
"""Words that end like plurals and are none."""

PLURALS = {
    "leaves": "leaf",
    "loaves": "loaf",
    "halves": "half",
    "calves": "calf",
    "knives": "knife",
    "olives": "olive",
    "chives": "chive",
    "cloves": "clove",
    "endives": "endive",
    "tomatoes": "tomato",
    "potatoes": "potato",
    "cookies": "cookie",
    "brownies": "brownie",
    "smoothies": "smoothie",
    "veggies": "veggie",
    "radishes": "radish",
    "anchovies": "anchovy",
    "chilies": "chili",
    "chillies": "chili",
    "chiles": "chili",
    "chilis": "chili",
    "avocadoes": "avocado",
    "tortillas": "tortilla",
    "pitas": "pita",
    "geese": "goose",
}
"""Plurals that the rules of endings do not meet."""

ENDS = (" to taste", " for garnish", " for serving", " such as ", " or ", " with ", " without ", " - ", " for ", " at ")
"""Where what follows is no part of the name."""
