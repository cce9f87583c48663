from django.urls import include, path
from rest_framework.routers import SimpleRouter

from whatsapp.views import TemplateViewSet, WebhookView

router = SimpleRouter()
router.register("templates", TemplateViewSet, basename="template")

urlpatterns = [
    path("webhook/", WebhookView.as_view(), name="webhook"),
    path("", include(router.urls)),
]
