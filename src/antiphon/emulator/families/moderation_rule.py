"""What makes a text harmful, as patterns with weights for each category. Knows words and their neighbours, not meanings.

A pattern wants its context: somebody who is to be killed, not a process; a person insulted, not a garbage collector.
Slurs are kept as digests: nobody who reads this has to read them.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Final
from zlib import crc32

SPEAKING_OF_IMAGES: Final = (
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "violence",
    "violence/graphic",
)
"""The categories that are judged for images too."""
PARENTS: Final = {
    "harassment/threatening": "harassment",
    "hate/threatening": "hate",
    "illicit/violent": "illicit",
    "self-harm/instructions": "self-harm",
    "self-harm/intent": "self-harm",
    "sexual/minors": "sexual",
    "violence/graphic": "violence",
}
CATEGORIES: Final = tuple(sorted({*PARENTS, *PARENTS.values()}))
THRESHOLD: Final = 0.5

_PERSON: Final = (
    r"(?:you|him|her|them|someone|somebody|everyone|everybody|people|"
    r"(?:my|your|his|her|their|our|the|this|that|these|those|every|all|some|a|an|two|three|innocent)\s+(?:\w+\s+){0,2}?"
    r"(?:m[ae]n|wom[ae]n|boys?|girls?|guys?|people|persons?|kids?|child(?:ren)?|baby|babies|wife|husband|mother|father|"
    r"mom|dad|parents|boss|neighbou?rs?|teachers?|brother|sister|family|friends?|girlfriend|boyfriend|ex|classmates?|"
    r"co-?workers?|colleagues?|students?|cops?|police(?:man|men)?|soldiers?|prisoners?|hostages?|victims?|strangers?))\b"
    r"(?!\s*(?:process|thread|task|job|program|server|node|session|container|worker|window|tab|element|row|mock)e?s?\b)"
    r"(?!\s+(?:an?|the|some)\s+(?:e-?mail|message|text|note|line|mail|dm|question|reminder)\b)"
)
_BODY: Final = r"(?:head|face|throat|neck|arms?|legs?|limbs?|hands?|fingers?|bones?|skull|skin|chest|stomach|eyes?)"
_GROUP: Final = (
    r"(?:jews|muslims|christians|hindus|blacks|(?:black|white|brown|asian|disabled|trans(?:gender)?|gay|chinese|jewish|"
    r"muslim|roma) people|asians|arabs|mexicans|africans|indians|latinos|immigrants|migrants|refugees|foreigners|gays|"
    r"lesbians|homosexuals|women|gypsies)"
)
_HOW: Final = (
    r"\b(?:how (?:to|do i|can i|do you|would (?:i|one)|can one)|instructions? (?:for|to|on)|steps? (?:to|for)|"
    r"(?:a )?guide (?:to|on|for)|teach me|recipe for|help me|tell me|show me|ways? (?:to|of)|explain)\b[^.?!\n]{0,60}?\b"
)
_DRUGS: Final = r"(?:meth(?:amphetamine)?|cocaine|heroin|fentanyl|mdma|ecstasy|lsd|crack)"
_SEX: Final = (
    r"(?:porn\w*|blow ?jobs?|hand ?jobs?|cum ?shots?|masturbat\w+|deep ?throat\w*|anal sex|oral sex|threesomes?|horny|"
    r"erotic\w*|sexual (?:acts?|intercourse|pleasure|fantas\w+)|sex(?:ual)? (?:with|scenes?|slaves?)|having sex|nudes)"
)
_MINOR: Final = (
    r"(?:under-?age|minors?\b(?! (?:chord|key|issue|detail|change|injur|bug|version|release))|pre-?teens?|"
    r"child(?:ren)?|toddlers?|infants?|little (?:girl|boy)s?|school ?(?:girl|boy)s?|"
    r"(?:[1-9]|1[0-7])[- ]?(?:year|yr)s?[- ]?olds?)"
)
_GAME: Final = (
    r"(?![^.?!\n]*\b(?:chess|game|match|tennis|debate|race|poker|round|tournament|league|fifa|quiz|cards|it)\b)"
)

_RULES: Final[dict[str, tuple[tuple[float, str], ...]]] = {
    "violence": (
        (0.85, rf"\b(?:kill|murder|stab|strangle|behead|decapitate|slaughter|assassinate|massacre)(?:s|ed|bed|ing|bing)?\s+{_PERSON}"),
        (0.7, rf"\b(?:shoot|shot|shooting|chok(?:e|ed|ing)|tortur(?:e|ed|ing)|drown(?:ed|ing)?|poison(?:ed|ing)?)\s+{_PERSON}"),
        (0.75, r"\b(?:was|were|been|being|got|be|is|are)\s+(?:\w+ly\s+)?(?:murdered|stabbed|strangled|beheaded|decapitated|massacred|tortured|shot dead|beaten to death|burned alive)\b"),
        (0.7, rf"\b(?:punch|kick|hit|beat|slap|smash|stab|cut|slit|break|broke|crush)(?:e[sd]|s|ed|ing)?\s+(?:\w+\s+){{0,2}}?(?:him|her|you|your|his|their|them)\s+(?:\w+\s+){{0,3}}?{_BODY}\b"),
        (0.6, rf"\bbeat(?:ing|s)?\s+(?:the (?:shit|crap|hell) out of\s+)?{_PERSON}\s+(?:up|to death|until|senseless|unconscious)"),
        (0.6, r"\b(?:bloodbath|bloodshed|massacre[ds]?|mass shooting|to a bloody pulp)\b"),
    ),
    "violence/graphic": (
        (0.8, rf"\b(?:disembowel\w*|eviscerat\w+|entrails|dismember\w*|decapitat\w+|behead\w+|sever(?:ed|ing)\s+(?:\w+\s+)?{_BODY}|flay(?:ed|ing))\b"),
        (0.7, r"\bblood\s+(?:\w+\s+)?(?:gush\w*|spurt\w*|spray\w*|splatter\w*|pour\w*|pooled|everywhere)\b"),
        (0.7, rf"\b(?:guts|intestines|brains?)\s+(?:\w+\s+)?(?:spill\w*|hanging|splattered)|\b(?:mutilat\w+|mangled)\s+(?:\w+\s+)?(?:body|bodies|corpses?|{_BODY})\b"),
        (0.6, r"\b(?:gore|gory)\b"),
    ),
    "harassment": (
        (0.75, r"\byou(?:'re|\u2019re| are| r)?\s+(?:(?:such|all|just|nothing but|really|so|a|an|the|complete|total|absolute|fucking|damn|stupid|worthless|pathetic|little|biggest)\s+){0,4}(?:idiots?|morons?|pathetic|losers?|worthless|scum|trash|garbage|disgusting|ugly|dumb|stupid|imbeciles?|bitch|bastards?|assholes?|waste of (?:space|oxygen|time)|piece of (?:shit|crap|garbage|trash)|failure|disgrace)\b"),
        (0.7, r"\b(?:fuck|screw|f\*+k?|fck)\s+(?:you|off)\b|\bshut (?:the \w+ )?up,? (?:you )?(?:idiot|moron|stupid|bitch)"),
        (0.7, r"\b(?:nobody|no one) (?:likes|loves|wants|cares about) you\b|\beveryone hates you\b|\bgo to hell\b"),
        (0.8, r"\b(?:kill yourself|kys|go die|drop dead|i hope you die)\b"),
        (0.6, r"\b(?:he|she|they|that (?:man|woman|guy))(?:'s| is|'re| are)\s+(?:such )?an? (?:\w+ )?(?:idiot|moron|bitch|bastard|asshole|whore|slut|piece of shit)\b"),
    ),
    "harassment/threatening": (
        (0.85, rf"\b(?:i|we)(?:'ll|\u2019ll|'m| am|'re| are| will| shall)?\s*(?:going to|gonna|want to|wanna)?\s+(?:\w+ly\s+|find and\s+)?(?:kill|murder|hurt|stab|shoot|strangle|rape|cut|slit|bury|hang|choke|torture)\s+(?:you|your|him|his|her|them|their)\b(?!\s+(?:an?|the|some)\s+(?:e-?mail|message|text|note|line|mail|dm|question)\b){_GAME}"),
        (0.75, rf"\b(?:i|we)(?:'ll|\u2019ll| will|'m going to| am going to|'re going to|'m gonna)\s+(?:destroy|beat|burn|break|crush|smash|end)\s+(?:you|your|him|her|them)\b{_GAME}"),
        (0.75, r"\byou(?:'re|\u2019re| are)?\s*(?:will|going to|gonna|deserve to|should|'ll)\s+(?:all\s+)?(?:die|bleed|suffer|burn)\b(?! (?:calories|fat))"),
        (0.6, r"\bi know where you (?:live|work|sleep)\b|\bwatch your back\b|\byou(?:'re| are) (?:a )?dead (?:man|meat)\b"),
    ),
    "hate": (
        (0.85, rf"\b{_GROUP}\s+are\s+(?:all\s+|nothing but\s+|just\s+|a bunch of\s+)?(?:vermin|sub-?human|inferior|animals|parasites|criminals|terrorists|filth\w*|scum|disgusting|stupid|evil|rats|cockroaches|a (?:disease|plague|cancer)|not human|lazy|thieves|rapists|trash)\b"),
        (0.8, rf"\b(?:i|we) (?:really |fucking )?(?:hate|despise|loathe)\s+(?:all\s+|those\s+|the\s+|these\s+)?{_GROUP}\b"),
        (0.6, r"\bgo back to (?:your (?:own )?country|where you came from)\b|\b(?:white|racial) (?:supremacy forever|power!)|\bmaster race\b"),
    ),
    "hate/threatening": (
        (0.9, rf"\b(?:kill|exterminate|gas|hang|shoot|lynch|wipe out|eliminate|eradicate|burn)\s+(?:all\s+|every\s+|those\s+|the\s+|these\s+|all the\s+)?{_GROUP}\b"),
        (0.9, rf"\b{_GROUP}\s+(?:should|must|deserve to|need to|ought to)\s+(?:all\s+)?(?:be\s+)?(?:die|burn|exterminated|killed|gassed|wiped out|eliminated|hanged|shot|lynched)\b"),
    ),
    "self-harm": (
        (0.6, r"\b(?:cut|starv|burn|hurt|hang|kill)(?:t?ing|ed|s)?\s+(?:myself|herself|himself|themselves)\b(?! (?:shav|cook|chopping|on (?:the|a) (?:oven|stove|knife|paper)))"),
        (0.35, r"\bsuicid(?:e|al)\b(?! (?:prevention|hotline|squad|awareness|rates?|statistics|research))|\bself-?harm\w*\b"),
        (0.6, r"\b(?:pro-?ana|thinspo\w*)\b"),
    ),
    "self-harm/intent": (
        (0.9, r"\bi(?:'m|\u2019m| am)?\s*(?:really\s+|just\s+)?(?:want|wanna|plan(?:ning)?|going|gonna|need|intend|have decided|decided)\s*(?:to)?\s+(?:kill myself|die|end (?:my life|it all|everything)|hurt myself|cut myself|hang myself|overdose|not be alive)\b(?!\s+(?:of|from)\s+(?:laugh|embarrass|sham|bored|cute|joy))"),
        (0.8, r"\bi(?:'ve| have|'m| am)?\s*(?:been\s+|keep\s+)?(?:cutting|starving|hurting|harming) myself\b|\bi(?:'m| am) suicidal\b"),
        (0.75, r"\b(?:no reason to (?:live|go on)|(?:i(?:'d| would|'m| am) be |i'm |i am )?better off dead|(?:don't|do not) want to (?:live|be alive|wake up|exist)(?: anymore)?)\b"),
        (0.8, r"\bi(?:'m| am|'ve been| have been)?\s*(?:keep\s+)?think(?:ing)? (?:about|of) (?:suicide|killing myself|ending my life|ending it all)\b"),
    ),
    "self-harm/instructions": (
        (0.9, rf"{_HOW}(?:kill(?:ing)? (?:myself|yourself)|commit(?:ting)? suicide|cut(?:ting)? myself|hang(?:ing)? myself|overdos(?:e|ing) on|end(?:ing)? my life|starv(?:e|ing) myself|self-?harm)\b(?! (?:prevention|awareness))"),
        (0.9, r"\b(?:painless|easiest|quickest|best|effective)\s+(?:way|method)s?\s+(?:to|of|for)\s+(?:die|suicide|commit\w* suicide|kill\w* (?:myself|yourself|oneself))\b"),
        (0.7, r"\b(?:you should|go(?: and)?|just)\s+(?:kill|cut|hang|starve) yourself\b|\bkys\b"),
    ),
    "sexual": (
        (0.8, rf"\b{_SEX}\b"),
        (0.75, r"\b(?:fuck(?:ing|ed|s)?|suck(?:ing|ed|s)?|lick(?:ing|ed|s)?)\s+(?:me|her|him|his|your|my)\s+(?:\w+\s+)?(?:hard|cock|dick|pussy|clit|tits|nipples?|breasts)\b"),
        (0.7, r"\b(?:thrust\w*|moan\w*|undress\w*)\b[^.?!\n]{0,40}\b(?:inside (?:her|him|me)|naked|her breasts|between her legs)\b|\bescort services?\b"),
        (0.3, r"\b(?:naked|nude|orgasms?|aroused|lingerie|nipples?)\b"),
    ),
    "sexual/minors": (
        (0.95, rf"\b{_MINOR}\b[^.?!\n]{{0,60}}\b{_SEX}|\b{_SEX}\b[^.?!\n]{{0,60}}\b{_MINOR}"),
        (0.9, r"\b(?:child porn\w*|csam|lolicon|jail-?bait)\b"),
    ),
    "illicit": (
        (0.8, rf"{_HOW}(?:shoplift\w*|steal(?:ing)? (?!the show)\w+|rob(?:bing)? (?:a|the|someone)|hack(?:ing)? into|break(?:ing)? into (?!tears|song|a sweat|the (?:industry|market|field))|hot-?wir\w+|launder(?:ing)? money|counterfeit\w*|evad(?:e|ing) tax\w*|smuggl\w+|phish(?:ing)? (?:someone|people|e-?mails?)|scam(?:ming)? \w+|forg(?:e|ing) (?:a )?(?:signature|passport|id|check|cheque|documents?))"),
        (0.85, rf"{_HOW}(?:make|making|cook(?:ing)?|synthesi[sz](?:e|ing)|produc(?:e|ing)|buy(?:ing)?|sell(?:ing)?|deal(?:ing)?|grow)\s+(?:\w+\s+){{0,2}}?(?:{_DRUGS}|illegal drugs)\b"),
        (0.75, rf"{_HOW}(?:fake (?:ids?|passports?|documents?)|ransomware|malware|a computer virus|credit card fraud|identity theft|stolen credit cards?)\b(?! (?:attacks|protection|removal|detection))"),
    ),
    "illicit/violent": (
        (0.9, rf"{_HOW}(?:(?:mak|build|construct|assembl|creat|buy|get|detonat)\w*)\s+(?:\w+[\s-]+){{0,3}}?(?<!bath )(?<!bath-)(?<!seed )(?:bombs?|explosives?|molotov\w*|grenades?|ied|nerve agents?|sarin|ricin|nerve gas|napalm)\b(?! (?:disposal|shelter|detector))"),
        (0.85, rf"{_HOW}(?:ghost guns?|untraceable (?:gun|weapon)s?|3d[- ]print(?:ed)? guns?|(?:build|make) (?:a |an )?(?:silencer|gun|weapon)s?)\b"),
        (0.9, rf"{_HOW}(?:(?:kill|murder|poison|kidnap|assassinate|strangle)(?:ing)?\s+{_PERSON}|get away with murder|hire a hit-?man|commit (?:a )?(?:murder|mass shooting))"),
    ),
}  # fmt: skip
_COMPILED: Final = {
    category: tuple((weight, re.compile(pattern, re.IGNORECASE)) for weight, pattern in rules)
    for category, rules in _RULES.items()
}
_SLURS: Final = frozenset(
    [
        "e533a067cd5c",
        "438ed034be55",
        "8c881c58dc1e",
        "9eba73ee4d5d",
        "9431c69de414",
        "a4149a6bc0f1",
        "0bc1e6946736",
        "a6e45c0c82a5",
        "3a5188b6b3f1",
        "2dc96e2a08f7",
        "ceb15b92ab8c",
        "1c5d0a683872",
        "d517d2ba03f4",
        "867d2b5a0068",
    ]
)
_WORD: Final = re.compile(r"[a-z]+")


def scores(text: str) -> dict[str, float]:
    """How harmful a text is in each category, from 0 to 1."""
    found = {category: _score(category, text) for category in CATEGORIES}
    if any(_digest(word) in _SLURS for word in set(_WORD.findall(text.lower()))):
        found["hate"] = _joined(found["hate"], 0.85)
        found["harassment"] = _joined(found["harassment"], 0.6)
    for category, parent in PARENTS.items():
        found[parent] = max(found[parent], round(found[category] * 0.98, 6))
    return found


def _score(category: str, text: str) -> float:
    score = _murmur(category, text)
    for weight, pattern in _COMPILED[category]:
        if pattern.search(text):
            score = _joined(score, weight)
    return score


def _joined(score: float, weight: float) -> float:
    """Two reasons make it surer than either."""
    return round(1 - (1 - score) * (1 - weight), 6)


def _murmur(category: str, text: str) -> float:
    """The little that a model is never quite sure of; the same each time."""
    return round((crc32(f"{category}/{text}".encode("utf-8", "surrogatepass")) % 10_000 + 1) / 20_000_000, 8)


def _digest(word: str) -> str:
    return blake2b(word.removesuffix("s").encode(), digest_size=6).hexdigest()
