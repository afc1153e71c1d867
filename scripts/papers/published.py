"""published.py - figures from papers, with the data they come from. None of them was measured here."""

# service: (published, to be reached) as shares of conversations; where: one side emulated, or both
CORRECT = {
    "dns": {"syntax": (1.0, 1.0), "semantics": (1.0, 1.0), "both_syntax": (1.0, 1.0), "both_semantics": (0.994, 1.0)},
    "sip": {"syntax": (1.0, 1.0), "semantics": (0.988, 0.999), "both_syntax": (1.0, 1.0),
            "both_semantics": (0.945, 0.99)},
    "ftp": {"syntax": (0.999, 1.0), "semantics": (0.934, 0.99), "both_syntax": (0.821, 0.95),
            "both_semantics": (0.576, 0.95)},
}
PRISMA_DATA = {
    "dns": "7 devices at home, a day, 5,539 messages",
    "sip": "20 participants, 7 days, 34,958 messages",
    "ftp": "LBNL, 10 days, 1,760,824 messages",
}

# service: nodes, their share of all possible ones, nodes of the minimal machine, rules by kind
SIZES = {
    "sip": (148, 0.145, 100, {"copy": 1916, "seq": 77, "add": 135, "part": 52, "data": 1793}),
    "dns": (381, 0.008, 153, {"copy": 3142, "seq": 4, "add": 0, "part": 0, "data": 3527}),
    "ftp": (1305, 0.008, 653, {"copy": 532, "seq": 18, "add": 253, "part": 35, "data": 4671}),
}
KINDS = ("copy", "seq", "add", "part", "data")

# who, what was measured, their figure, on which data, our service and figure (see tables.figure)
OTHERS = (
    ("ScriptGen 2005", "similarity of the second answer to the real one", "80 %", "NetBIOS, one client",
     "smb", "second_answer"),
    ("ScriptGen 2005", "conversations that go on past where dependencies matter", "33 %",
     "NetBIOS, 1,992 of about 2,970 ended at length 4", "smb", "full_length"),
    ("service mining 2005", "rules from a trace of 45 commands: from responses / all", "16 / 80", "FTP, own traces",
     "ftp", None),
    ("ReFSM 2020", "behaviour of the learned machine", "> 90 %", "FTP, own traces", "ftp", "class_agreement_messages"),
    ("ReFSM 2020", "behaviour of the learned machine", "> 90 %", "SMTP, own traces", "smtp", "class_agreement_messages"),
    ("Zhao, Blum 2012", "right answers to queries not seen", "> 99 %", "POP3, evolved extended machines", "pop3",
     "class_agreement_messages"),
    ("Versteeg et al. 2016", "accurate answers", "> 99 %", "four enterprise protocols", "ldap",
     "class_agreement_messages"),
    ("PREUNN 2022", "valid messages", "67.6 %", "HTTP, neural", "http", "syntax_messages"),
    ("PREUNN 2022", "valid messages", "100 %", "FTP, neural", "ftp", "syntax_messages"),
)
