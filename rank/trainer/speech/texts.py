"""Sentences to speak: made of parts, so that all sounds occur in many orders."""

SUBJECTS = """I;you;we;they;the teacher;my brother;the old captain;a young doctor;our neighbour;the mayor;Maria;George;
the whole team;nobody;everyone in town;the little boy;her uncle;the pilot;a quiet stranger;the orchestra;two engineers;
the baker;a famous singer;the weather office;this small company;the committee;Peter and Julia;the museum""".split(
    ";"
)
VERBS = """found;bought;would like to see;has forgotten;is looking for;wants to sell;could not believe;will finish;
described;painted;opened;brought;has measured;is waiting for;talked about;remembers;gave away;built;repaired;asked for;
dreamed of;wrote about;has chosen;watched;threw away;studied;enjoys;explained;moved;shared""".split(";")
OBJECTS = """the blue house;a box of oranges;three large boats;the morning paper;a very good idea;their oldest friend;
the shape of the moon;some fresh bread;a golden watch;the answer;every page of the book;the road to the village;
a cup of hot chocolate;the rules of the game;five thousand people;the voice on the radio;a beautiful garden;
the measure of success;much more than that;the joy of music;a pair of brown shoes;the bridge over the river;
the first chapter;a path through the woods;the yellow umbrella;that strange machine;a huge white cloud;the future
""".split(";")
ENDINGS = """yesterday;before the meeting;with great care;in the middle of the night;for the first time;again and again;
without a word;as soon as possible;near the harbour;at half past five;because it was raining;on a quiet afternoon;
after the show;although nobody asked;under the old tree;by the window;just in time;during the summer;and smiled;
while we were away;with both hands;from beginning to end;in a few hours;over the weekend""".split(";")
OPENERS = """Well,;Of course,;However,;Good evening.;Thank you very much.;Hello.;Yes!;No, no.;In fact,;By the way,;
Listen.;Ladies and gentlemen,;Today,;Oh, really?;So,;Perhaps;Meanwhile,;As you know,;Wow!;Please wait.""".split(
    ";"
)
NUMBERS = "one two three four five six seven eight nine ten eleven twelve thirteen twenty thirty forty fifty".split()


def sentence(draw):
    """`draw`: a random.Random."""
    kind = draw.random()
    if kind < 0.08:
        return ", ".join(draw.choices(NUMBERS, k=draw.randint(3, 7))) + "."
    parts = [draw.choice(SUBJECTS), draw.choice(VERBS), draw.choice(OBJECTS)]
    if draw.random() < 0.7:
        parts.append(draw.choice(ENDINGS))
    text = " ".join(part.strip() for part in parts)
    if kind < 0.4:
        text = draw.choice(OPENERS).strip() + " " + text
    if kind > 0.75:
        other = " ".join(draw.choice(p).strip() for p in (SUBJECTS, VERBS, OBJECTS))
        text += draw.choice([", and ", ", but ", "; ", ", so "]) + other
    return text[0].upper() + text[1:] + draw.choice("...!?")
