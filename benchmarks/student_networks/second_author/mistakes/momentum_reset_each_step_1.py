import numpy as np


class RedeNeural:
    """Rede com uma camada oculta (leaky ReLU) e saída softmax"""

    def __init__(self, entradas, ocultos, saidas, taxa_aprendizado=0.1, momento=0.9):
        self.pesos_oculta = np.random.normal(0, 0.5, (entradas, ocultos))
        self.vies_oculta = np.zeros((1, ocultos))
        self.pesos_saida = np.random.normal(0, 0.5, (ocultos, saidas))
        self.vies_saida = np.zeros((1, saidas))
        self.taxa = taxa_aprendizado
        self.momento = momento
        self.velocidade = [0, 0, 0, 0]

    def ativacao(self, x):
        return np.where(x > 0, x, 0.01 * x)

    def derivada(self, x):
        d = np.ones_like(x)
        d[x < 0] = 0.01
        return d

    def propagar(self, X):
        self.entrada = X
        self.soma_oculta = np.dot(X, self.pesos_oculta) + self.vies_oculta
        self.oculta = self.ativacao(self.soma_oculta)
        self.soma_saida = np.dot(self.oculta, self.pesos_saida) + self.vies_saida
        exponencial = np.exp(self.soma_saida - np.max(self.soma_saida, axis=1, keepdims=True))
        self.saida = exponencial / np.sum(exponencial, axis=1, keepdims=True)
        return self.saida

    def retropropagar(self, alvo):
        n = alvo.shape[0]
        erro = (self.saida - alvo) / n
        g_pesos_saida = np.dot(self.oculta.T, erro)
        g_vies_saida = np.sum(erro, axis=0, keepdims=True)
        erro_oculta = np.dot(erro, self.pesos_saida.T) * self.derivada(self.soma_oculta)
        g_pesos_oculta = np.dot(self.entrada.T, erro_oculta)
        g_vies_oculta = np.sum(erro_oculta, axis=0, keepdims=True)
        return g_pesos_oculta, g_vies_oculta, g_pesos_saida, g_vies_saida

    def treinar(self, X, alvo):
        self.propagar(X)
        gradientes = self.retropropagar(alvo)
        self.velocidade = [0, 0, 0, 0]
        parametros = [self.pesos_oculta, self.vies_oculta, self.pesos_saida, self.vies_saida]
        for i in range(4):
            self.velocidade[i] = self.momento * self.velocidade[i] + gradientes[i]
            parametros[i] -= self.taxa * self.velocidade[i]
