"""Plotly figures and pictures: plain data in. Knows neither Streamlit nor torch."""
