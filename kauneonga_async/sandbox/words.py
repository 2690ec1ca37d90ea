"""What the sandbox's callers say: names, texts and answers, with all that makes JSON hard."""

from __future__ import annotations

from typing import Final

FIRST_NAMES: Final = (
    "Amara", "Björn", "Chidi", "Dolores", "Émile", "Fatima", "Grace", "Hiroshi", "Ingrid", "João", "Keisha", "Lưu",
    "María", "Nikolai", "Olivia", "Priya", "Quinn", "Rosa", "Søren", "Tomás", "Uma", "Viktor", "Wei", "Ximena", "Yusuf",
    "Zoë", "李", "Ольга",
)  # fmt: skip
LAST_NAMES: Final = (
    "Abernathy", "Bouchard", "Castellanos", "D'Angelo", "Eriksson", "Fitzgerald", "García", "Hawthorne", "Ivanova",
    "Jørgensen", "Kowalczyk", "Lindqvist", "Müller", "Nguyễn", "O'Brien", "Petrović", "Quiñones", "Rosenbaum", "Smith",
    "Takahashi", "Underwood", "Vasquez", "Winthrop", "Yamamoto", "Zielińska",
)  # fmt: skip
COMPANIES: Final = (
    "", "", "", "Abernathy & Sons, LLP", "Bayside Dental", "Castle Property Management", "Evergreen HVAC",
    'The "Corner" Clinic', "Müller GmbH", "Northwind Realty",
)  # fmt: skip
TEXTS: Final = (
    "Called about an appointment on Thursday; would like to move it to the week after, mornings only.",
    "Water is coming through the ceiling of unit 4B. Tenant has turned off the main valve and is waiting outside.",
    "Returning a call from this morning regarding the estate. Prefers to be reached after 5 PM.",
    "New patient inquiry: lower back pain since last week, no fever. Asked whether a referral is needed.",
    'Said: "Please tell them I\'ll be late, about twenty minutes" and hung up.',
    "Wants a copy of the invoice {number 20931} sent to the billing department, not to the home address.",
    "No heat since last night; there is an infant in the apartment. Marked as urgent at the caller's request.",
    "Left no message.\nCaller ID was withheld.",
    "Asks for a quote [two bathrooms, one kitchen] and a call back before Friday.",
    "Señora García necesita hablar con un abogado sobre su visa; prefiere español.",
    "Opposing counsel called re: Smith v. Jones; deposition moved to 9:30 AM. Path: C:\\cases\\smith.",
    "Prescription refill, pharmacy on Elm St.; allergic to penicillin 💊.",
    'Sent us the following by mistake: {"id":1,"content":"},{\\"id\\":2"}. Please disregard.',
    "The elevator is stuck between the 2nd and 3rd floor. Nobody is inside.",
    "Would like to thank Dr. Lindqvist and the whole team. ❤️",
)
MEETINGS: Final = ("Virtual", "In person", "Phone", "")
HEARD: Final = ("", "Google", "Friend or family", "Radio", "TV", "Billboard on I-95")
STATUSES: Final = ("delivered", "delivered", "delivered", "pending", "held")
CITIES: Final = (("Bethel", "NY", "12720"), ("Miami", "FL", "33101"), ("", "", ""), ("Kauneonga Lake", "NY", "12749"))
AGENTS: Final = ("jose", "dana", "priyanka", "malik", "svetlana")
SKILLS: Final = ("Spanish", "Legal", "Medical", "General")
