# WGAN Playground as a container, see docs/SERVING.md. Build it in the project's folder: docker build -t wgan-playground .
FROM python:3.12-slim

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    WGAN_RUNS_ROOT=/srv/wgan/runs \
    WGAN_DATA_ROOT=/srv/wgan/data \
    XDG_CACHE_HOME=/srv/wgan/cache \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 \
    STREAMLIT_SERVER_HEADLESS=true

WORKDIR /app
# First what changes rarely, so that a new version of the pages does not install PyTorch again.
COPY requirements.txt ./
RUN pip install -r requirements.txt

COPY app.py serve.py pyproject.toml README.md LICENSE ./
COPY .streamlit .streamlit
COPY static static
COPY wgan_core wgan_core
COPY pages pages

# The charts' JavaScript is copied now, because afterwards nothing but the volume can be written.
RUN python -c "from pages.components.plotly_asset import plotly_url; plotly_url()" \
    && useradd --system --home-dir /srv/wgan wgan \
    && mkdir -p /srv/wgan/runs /srv/wgan/data /srv/wgan/cache \
    && chown -R wgan /srv/wgan
USER wgan
VOLUME /srv/wgan
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
# Streamlit ends at SIGTERM, and the runs are saved then.
STOPSIGNAL SIGTERM
CMD ["streamlit", "run", "serve.py"]
