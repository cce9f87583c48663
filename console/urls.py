from django.conf import settings
from django.urls import path

from console import views

urlpatterns = [
    path("", views.desk, name="desk"),
    path("reports/", views.reports, name="reports"),
    path("reset/", views.reset, name="reset"),
]

if settings.DEBUG and settings.WHATSAPP_SANDBOX:
    urlpatterns += [path("phone/", views.phone, name="phone")]
