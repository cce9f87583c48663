from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from tags.views import CustomerTagsView, CustomerTagView, TagViewSet

router = SimpleRouter()
router.register("tags", TagViewSet, basename="tag")

urlpatterns = [
    path("", include(router.urls)),
    re_path(r"^customer/(?P<customer_id>[0-9]+)/tags/$", CustomerTagsView.as_view(), name="customer-tags"),
    re_path(
        r"^customer/(?P<customer_id>[0-9]+)/tags/(?P<tag_id>[0-9]+)/$",
        CustomerTagView.as_view(),
        name="customer-tag",
    ),
]
