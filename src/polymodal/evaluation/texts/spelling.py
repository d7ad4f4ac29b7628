"""British spelling as American: families of words that follow a rule, and single words."""

from __future__ import annotations

import re

__all__ = ["american"]

_OUR = ("arb|arm|behavi|clam|col|demean|enam|endeav|fav|flav|harb|hon|hum|lab|neighb|od|"
        "parl|ranc|rig|rum|sav|splend|succ|tum|val|vap|vig")
_ISE = ("agon|apolog|author|brutal|capital|categor|central|character|civil|colon|computer|"
        "critic|crystall|custom|digital|disorgan|drama|econom|emphas|energ|equal|familiar|"
        "fantas|fertil|final|formal|general|global|harmon|hospital|hypnot|ideal|immun|"
        "industrial|initial|italic|legal|local|maxim|memor|minim|mobil|modern|monopol|"
        "national|natural|neutral|normal|optim|organ|oxid|patron|penal|personal|pressur|"
        "priorit|privat|public|random|rational|real|recogn|reorgan|revolution|scrutin|"
        "special|stabil|standard|steril|subsid|summar|symbol|sympath|synchron|synthes|"
        "terror|theor|token|tranquil|util|vandal|victim|visual|vocal")
_DOUBLED = ("cancel|channel|counsel|dial|duel|enamel|equal|fuel|funnel|grovel|jewel|label|"
            "level|marshal|model|panel|pedal|quarrel|refuel|rival|shovel|signal|snivel|spiral|"
            "total|travel|tunnel|unravel")
_RE = "calib|cent|fib|lit|lust|och|reconnoit|sab|scept|somb|spect|theat"
_WORDS = {
    "aeroplane": "airplane", "aluminium": "aluminum",
    "cheque": "check", "chequebook": "checkbook", "cheques": "checks", "cosy": "cozy",
    "defence": "defense", "offence": "offense", "licence": "license", "pretence": "pretense",
    "disc": "disk", "discs": "disks", "draught": "draft", "draughts": "drafts",
    "enrol": "enroll", "enrolment": "enrollment", "fulfil": "fulfill", "fulfilment": "fulfillment",
    "instalment": "installment", "skilful": "skillful", "wilful": "willful", "grey": "gray",
    "greyish": "grayish", "greys": "grays", "jewellery": "jewelry", "kerb": "curb",
    "manoeuvre": "maneuver", "manoeuvres": "maneuvers", "manoeuvred": "maneuvered",
    "mould": "mold", "moulds": "molds", "mouldy": "moldy", "moustache": "mustache",
    "mum": "mom", "mums": "moms", "omelette": "omelet", "plough": "plow",
    "ploughed": "plowed", "ploughing": "plowing", "ploughs": "plows", "practise": "practice",
    "practised": "practiced", "practising": "practicing", "programme": "program",
    "programmes": "programs", "pyjamas": "pajamas", "sceptic": "skeptic",
    "sceptical": "skeptical", "scepticism": "skepticism", "smoulder": "smolder",
    "storey": "story", "storeys": "stories", "sulphur": "sulfur", "tyre": "tire",
    "tyres": "tires", "woollen": "woolen", "woolly": "wooly", "yoghurt": "yogurt",
    "judgement": "judgment", "judgements": "judgments", "ageing": "aging", "catalogue": "catalog",
    "catalogues": "catalogs", "analogue": "analog", "counsellor": "counselor",
    "counsellors": "counselors", "traveller": "traveler", "travellers": "travelers",
    "marvellous": "marvelous", "anaemia": "anemia", "anaesthetic": "anesthetic",
    "diarrhoea": "diarrhea", "encyclopaedia": "encyclopedia", "foetus": "fetus",
    "haemorrhage": "hemorrhage", "leukaemia": "leukemia", "mediaeval": "medieval",
    "oesophagus": "esophagus", "oestrogen": "estrogen", "paediatric": "pediatric",
    "metre": "meter", "metres": "meters", "kilometre": "kilometer", "kilometres": "kilometers",
    "centimetre": "centimeter", "centimetres": "centimeters", "millimetre": "millimeter",
    "millimetres": "millimeters", "alright": "all right",
}
_RULES = [
    (rf"((?:dis|mis)?(?:{_OUR}))our(s|ed|ing|er|ers|ite|ites|able|ably|ful|fully|hood|"
     r"hoods|less|al|ally|ly)?", r"\1or\2"),
    (rf"((?:{_ISE}))is(e|es|ed|er|ers|ing|able|ation|ations|ational)", r"\1iz\2"),
    (r"((?:para|cata|ana|psychoana|hydro|e?lectro)ly)s(e|es|ed|er|ers|ing)", r"\1z\2"),
    (rf"((?:{_DOUBLED}))l(ed|ing|er|ers)", r"\1\2"),
    (rf"((?:{_RE}))re(s)?", r"\1er\2"),
]
_COMPILED = [(re.compile(rule), written) for rule, written in _RULES]


def american(word: str) -> str:
    """Returns the American spelling of a lower-case word.

    Example:

    >>> [american(word) for word in ("colourful", "organisations", "travelled", "theatre", "wise")]
    ['colorful', 'organizations', 'traveled', 'theater', 'wise']
    """
    if word in _WORDS:
        return _WORDS[word]
    for rule, written in _COMPILED:
        if found := rule.fullmatch(word):
            return found.expand(written)
    return word
