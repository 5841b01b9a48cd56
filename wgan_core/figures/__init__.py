"""Plotly figures and pictures, made from plain data. Does not use Streamlit or torch."""
