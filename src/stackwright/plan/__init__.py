"""Steps, their graph, the plan shown before anything happens, the run and its journal."""
