"""Two reports for the small theatre, and a review of them in this process."""

import datetime as dt

from geo.edit.reports.session import Report, ReviewSession
from geo.evidence import Gazetteer
from geo.layers import read_folder

DAY = dt.date(2017, 8, 2)

# A capture that the layers have, two clashes of nobody knows whom, a place that is called by a
# name that no place has, and one that is only wished for.
ENGLISH = """\
Blue Guard captured Mid Well from Red on 31 July 2017. Gunmen shelled Red positions in Kafr Zeen on
1 August 2017, killing three people. Red seized Kafr Zeen yesterday after clashes with Blue Guard.

Gunmen attacked Red near Mid Well on 1 August 2017. If Blue advances, Red could lose the well.
"""
ARABIC = """\
سيطر الأزرق على البئر الأوسط بعد اشتباكات مع الأحمر في 31 تموز 2017. وقصف مسلحون مواقع الأحمر في
البئر الغربي يوم أمس. واستعاد الأحمر البئر الغربي من الأزرق يوم الثلاثاء.
"""


def session(layers, *texts, published=DAY, **options):
    """A review of some texts."""
    reports = [Report(f"{i}.txt", text, published) for i, text in enumerate(texts or (ENGLISH,))]
    gazetteer = Gazetteer(read_folder(layers).places.values())
    return ReviewSession(layers, reports, gazetteer=gazetteer, **options)
