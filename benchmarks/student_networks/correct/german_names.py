import numpy as np

# Übung 5: Neuronales Netz ohne Bibliothek


def gewichte_anlegen(eingaben, versteckt, klassen):
    return {"G1": np.random.randn(eingaben, versteckt) * 0.5, "S1": np.zeros(versteckt),
            "G2": np.random.randn(versteckt, klassen) * 0.5, "S2": np.zeros(klassen)}


def sigma(x):
    return 1 / (1 + np.exp(-x))


def vorwaerts(netz, x):
    versteckt = sigma(x @ netz["G1"] + netz["S1"])
    summe = versteckt @ netz["G2"] + netz["S2"]
    e = np.exp(summe - summe.max(axis=1, keepdims=True))
    return {"versteckt": versteckt, "ausgabe": e / e.sum(axis=1, keepdims=True)}


def fehler(netz, x, ziel):
    return -np.mean((ziel * np.log(vorwaerts(netz, x)["ausgabe"])).sum(axis=1))


def rueckwaerts(netz, x, ziel):
    zustand = vorwaerts(netz, x)
    d2 = (zustand["ausgabe"] - ziel) / len(x)
    d1 = (d2 @ netz["G2"].T) * zustand["versteckt"] * (1 - zustand["versteckt"])
    return {"G1": x.T @ d1, "S1": d1.sum(axis=0), "G2": zustand["versteckt"].T @ d2, "S2": d2.sum(axis=0)}


def lernschritt(netz, x, ziel, rate):
    for name, ableitung in rueckwaerts(netz, x, ziel).items():
        netz[name] -= rate * ableitung
