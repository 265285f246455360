"""
How well names find their places, beside plain fuzzy matching. ``python -m tests.benchmarks.names``.

*Names that are there.* Every alternate name of ``layers/places.geojson`` is taken out of the
gazetteer in turn and asked for: only the place's other spellings are left to find it by. A place
*ranks* first, or among the first three, in the list of candidates; it is *found* first where the
answer is not "not found" either. Two places that bear one name cannot be told apart by the name:
where the right one shares the best score, it counts as first, and the ties are counted.

*Names that are not there.* Three sets, each of which an analyst's text may hold: places of the
region that the gazetteer has not, written as the press writes them; invented names, made of
random Arabic roots in the patterns of Arabic place names, with an article or a kind word; places
elsewhere in the world. Any answer but "not found" is a false match. A name that is, letter for
letter, the name of a place in the gazetteer (its article and kind words aside) is another place
of that name, which no reading of the name can tell: it is left out, and counted.

*Plain fuzzy matching* takes the raw strings in lower case and the same gazetteer; for its
"found" it gets the threshold that lets 2 % of the absent names through, the most that we allow.
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from rapidfuzz import fuzz, process

from geo.evidence.gazetteer import sounds
from geo.evidence.gazetteer.index import MIN_SCORE, Entry, Gazetteer
from geo.evidence.gazetteer.names import is_kind_word
from geo.layers import geojson
from geo.model import PLACES

FALSE_ALLOWED = 0.02
LAYERS = Path(__file__).parents[2] / "layers"

REGION = """
Manbij; Al-Bab; Azaz; Jarabulus; Afrin; Tel Rifaat; Kobani; Ain Issa; Tall Abyad; Suluk; Ras
al-Ayn; Tell Tamer; Amuda; Qamishli; Al-Malikiyah; Rmelan; Al-Hasakah; Al-Hawl; Markada;
As-Suwar; Busayrah; Mayadin; Al-Asharah; Abu Kamal; Hajin; Al-Kishkiyah; Gharanij; Deir ez-Zor;
Khasham; Al-Tabiyah; Maadan; Ar-Raqqah; Al-Thawrah; Al-Mansurah; Resafa; Ithriya; Khanasir;
As-Safirah; Maskanah; Deir Hafir; Kuweires; Al-Atarib; Darat Izza; Anadan; Haritan; Nubl;
Binnish; Saraqib; Maarrat Misrin; Ariha; Jisr al-Shughur; Khan Shaykhun; Kafr Nabl; Maarat
al-Numan; Al-Tamanah; Kafr Zita; Morek; Al-Lataminah; Halfaya; Suran; Mahardah; As-Suqaylabiyah;
Salamiyah; Uqayribat; Masyaf; Al-Rastan; Talbiseh; Talkalakh; Al-Qusayr; Furqlus; Tiyas; Jubb
al-Jarrah; Arak; As-Sukhnah; Kawm; An-Nabk; Yabrud; Rankus; Asal al-Ward; Maaloula; Saidnaya;
Al-Tall; Harasta; Jobar; Zamalka; Irbin; Kafr Batna; Hammuriyah; Beit Sawa; Misraba; Otaya;
Al-Nashabiyah; Marj al-Sultan; Hawsh Nasri; Harran al-Awamid; Al-Kiswah; Khan al-Shih; Zakiyah;
Kanaker; Beit Jinn; Qatana; Jadidat Artuz; Darayya; Muadamiyat; As-Sanamayn; Inkhil; Jasim;
Al-Harah; Nawa; Tasil; Sahm al-Jawlan; Tafas; Muzayrib; Al-Yadudah; Izra; Bosra al-Harir;
Al-Mlaiha; Khirbat Ghazalah; Al-Giza; Tisiyah; Nasib; Salkhad; Shaqqa; Qanawat; Al-Ghariyah;
Malah; Imtan; Arsal; Baalbek; Hermel; Zahle; Rayak; Tyre; Nabatieh; Jezzine; Irbid; Ar-Ramtha;
Al-Mafraq; Azraq; Ruwayshid; As-Safawi; Ajloun; Madaba; Karak; Tafilah; Aqaba; Al-Qaim; Akashat;
Ar-Rutbah; Trebil; Anah; Rawah; Hit; Fallujah; Habbaniyah; Baiji; Tikrit; Balad; Samarra;
Sinjar; Tal Afar; Rabia; Mosul; Makhmur; Hawija; Kirkuk; Baqubah; Karbala; Hillah; Diwaniyah;
Amarah
"""
"""Towns and villages of Syria, Lebanon, Jordan and Iraq outside the gazetteer."""

WORLD = """
Lyon; Nantes; Grenoble; Bremen; Kassel; Dresden; Potsdam; Salzburg; Verona; Bologna; Sassari;
Toledo; Zaragoza; Malaga; Braga; Leiden; Utrecht; Ghent; Bergen; Malmo; Turku; Tartu; Riga;
Vilnius; Gdansk; Krakow; Lublin; Brno; Kosice; Szeged; Cluj; Varna; Skopje; Tirana; Patras;
Larissa; Izmir; Adana; Konya; Trabzon; Kharkiv; Sumy; Izium; Bakhmut; Kupiansk; Avdiivka;
Melitopol; Tokmak; Odesa; Lviv; Tomsk; Perm; Ufa; Baku; Ganja; Tbilisi; Gori; Gyumri; Tabriz;
Isfahan; Kerman; Herat; Kunduz; Ghazni; Quetta; Lahore; Amritsar; Jaipur; Kochi; Dhaka; Sylhet;
Mandalay; Hanoi; Hue; Cebu; Davao; Osaka; Kyoto; Sendai; Busan; Daegu; Perth; Hobart; Dunedin;
Accra; Kumasi; Lagos; Kano; Douala; Luanda; Lusaka; Harare; Durban; Nairobi; Mombasa; Kampala;
Quito; Cusco; Salta; Recife; Oaxaca; Tulsa; Boise
"""

CONSONANTS = (
    *("b", "t", "th", "j", "h", "kh", "d", "dh", "r", "z", "s"),
    *("sh", "'", "gh", "f", "q", "k", "l", "m", "n", "w", "y"),
)
PATTERNS = (
    "{0}a{1}i{2}ah",
    "{0}a{1}{2}an",
    "ma{0}{1}u{2}",
    "{0}u{1}ay{2}",
    "{0}u{1}ay{2}ah",
    "{0}a{1}u{2}",
    "{0}i{1}a{2}",
    "{0}a{1}{2}a{3}",
    "mu{0}a{1}{2}a{3}",
    "ta{0}{1}i{2}",
)
HEADS = ("", "", "al-", "al-", "Tall ", "Bir ", "Khirbat al-", "Wadi ", "Jabal ", "Rajm al-")


def invented(count, seed=20170801):
    """Names that nobody bears: random roots in the patterns of Arabic place names."""
    rng = random.Random(seed)
    names = []
    while len(names) < count:
        root = rng.sample(CONSONANTS, 4)
        name = rng.choice(PATTERNS).format(*root).strip("'").capitalize()
        names.append(rng.choice(HEADS) + name)
    return names


def name_words(text):
    """Letters of a name, its article and kind words aside."""
    words = [w for w in sounds.words(text) if not is_kind_word(w)]
    return "".join(words) or "".join(sounds.words(text))


@dataclass(frozen=True)
class Recall:
    """How often the right place came first, and among the first three; `tied` with others."""

    asked: int
    first: int
    three: int
    found: int
    tied: int = 0


def entries(layers=LAYERS):
    layer = geojson.read_geojson(layers / "places.geojson", root=layers, schema=PLACES)
    return [Entry.from_feature(feature) for feature in layer.features], layer.features


def left_out(layers=LAYERS):
    """Each alternate name, its place's number, and the gazetteer's entries without it."""
    whole, features = entries(layers)
    for number, feature in enumerate(features):
        for name in filter(None, (feature.properties["alternatenames"] or "").split(";")):
            spellings = list(whole[number].spellings)
            spellings.remove(name)
            poorer = replace(whole[number], spellings=tuple(spellings))
            yield name, number, [*whole[:number], poorer, *whole[number + 1 :]]


def absent(layers=LAYERS):
    """The three sets of names that are not there, and how many were left out as homonyms."""
    whole, _ = entries(layers)
    ours = {name_words(form) for entry in whole for form in (entry.name, *entry.spellings)}
    sets = {
        "of the region": [" ".join(name.split()) for name in REGION.split(";")],
        "invented": invented(300),
        "of the world": [" ".join(name.split()) for name in WORLD.split(";")],
    }
    kept = {k: [n for n in names if name_words(n) not in ours] for k, names in sets.items()}
    return kept, sum(map(len, sets.values())) - sum(map(len, kept.values()))


def our_recall():
    asked = first = three = found = tied = 0
    for name, number, places in left_out():
        answer = Gazetteer(places).find(name, min_score=0.0)
        ids = [candidate.id for candidate in answer.candidates]
        scores = [candidate.score for candidate in answer.candidates]
        right = places[number].id
        asked += 1
        if right not in ids:
            continue
        best = right in ids[: answer.tied]
        first += best
        tied += best and answer.tied > 1
        three += right in ids[: max(3, answer.tied)]
        found += best and scores[0] >= MIN_SCORE
    return Recall(asked, first, three, found, tied)


def our_false(names, places):
    return sum(places.find(name).verdict != "not_found" for name in names)


def plain_matches(name, places, scorer):
    """Places by the best score of any spelling, raw strings in lower case."""
    best = {}
    forms = [(f, e.id) for e in places for f in (e.name, *e.spellings)]
    scores = process.cdist([name.lower()], [f.lower() for f, _ in forms], scorer=scorer)[0]
    for (_, place), score in zip(forms, scores, strict=True):
        best[place] = max(best.get(place, 0.0), float(score))
    return sorted(best.items(), key=lambda item: -item[1])


def plain(scorer, names, whole):
    """Recall of plain matching, and its false matches at the threshold that allows so many."""
    highest = sorted((plain_matches(n, whole, scorer)[0][1] for n in names), reverse=True)
    threshold = highest[int(FALSE_ALLOWED * len(names))]
    asked = first = three = found = tied = 0
    for name, number, places in left_out():
        ranked = plain_matches(name, places, scorer)
        top = [place for place, score in ranked if score == ranked[0][1]]
        right = places[number].id
        asked += 1
        first += right in top
        tied += right in top and len(top) > 1
        three += right in [place for place, _ in ranked[: max(3, len(top))]]
        found += right in top and ranked[0][1] > threshold
    return Recall(asked, first, three, found, tied), sum(s > threshold for s in highest)


def measure():
    """Our recall, false matches a set with its size, and how many names were left out."""
    whole, _ = entries()
    sets, homonyms = absent()
    places = Gazetteer(whole)
    false = {label: (our_false(names, places), len(names)) for label, names in sets.items()}
    return our_recall(), false, homonyms


def main(out=sys.stdout):
    whole, _ = entries()
    ours, false, homonyms = measure()
    sets, _ = absent()
    names = [name for group in sets.values() for name in group]
    wrong = sum(count for count, _ in false.values())
    say = out.write
    say(f"{ours.asked} alternate names of {len(whole)} places, each left out in turn\n")
    say(f"{len(names)} names that are not there; {homonyms} more left out as homonyms\n\n")
    say(f"{'':34}{'ranked 1st':>11}{'in first 3':>11}{'found 1st':>11}{'ties':>6}{'false':>8}\n")

    def line(label, recall, count):
        shares = [n / recall.asked for n in (recall.first, recall.three, recall.found)]
        cells = "".join(f"{share:11.3f}" for share in shares)
        say(f"{label:34}{cells}{recall.tied:6d}{count / len(names):8.4f}\n")

    line(f"gazetteer, score {MIN_SCORE:g} and more", ours, wrong)
    for label, scorer in (
        ("plain: edit ratio", fuzz.ratio),
        ("plain: weighted ratio", fuzz.WRatio),
        ("plain: token set ratio", fuzz.token_set_ratio),
    ):
        line(label, *plain(scorer, names, whole))
    say("\nfalse matches of the gazetteer: ")
    say("; ".join(f"{label} {n} of {of}" for label, (n, of) in false.items()) + "\n")


if __name__ == "__main__":
    main()
