import google.colab  # noqa: F401  as in every Colab kernel
