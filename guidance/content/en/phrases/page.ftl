page-name = INTEGRA
