from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from whatsapp.block_views import BlockView, UnblockView
from whatsapp.views import IdentityViewSet, TemplateViewSet, WebhookView

router = SimpleRouter()
router.register("templates", TemplateViewSet, basename="template")

urlpatterns = [
    path("webhook/", WebhookView.as_view(), name="webhook"),
    path("", include(router.urls)),
    re_path(r"^customers/(?P<customer_id>\d{1,18})/block/$", BlockView.as_view()),
    re_path(r"^customers/(?P<customer_id>\d{1,18})/unblock/$", UnblockView.as_view()),
    re_path(r"^customers/(?P<customer_id>\d{1,18})/identities/$", IdentityViewSet.as_view({"get": "list"})),
    re_path(
        r"^customers/(?P<customer_id>\d{1,18})/identities/(?P<pk>\d{1,18})/$",
        IdentityViewSet.as_view({"delete": "destroy"}),
    ),
]
