from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from messaging.hours_view import WorkingHoursView
from messaging.views import (
    AttachmentFileView,
    BusinessNumberViewSet,
    CustomerMessagesView,
    MessageViewSet,
    OriginalFileView,
    ReadView,
    ThumbnailFileView,
)

router = SimpleRouter()
router.register("business-numbers", BusinessNumberViewSet, basename="business-number")
router.register("messages", MessageViewSet, basename="message")

urlpatterns = [
    path("", include(router.urls)),
    re_path(r"^customers/(?P<customer_id>\d{1,18})/messages/$", CustomerMessagesView.as_view({"get": "list"})),
    re_path(r"^customers/(?P<customer_id>\d{1,18})/read/$", ReadView.as_view()),
    path("working-hours/", WorkingHoursView.as_view()),
    path("", include("messaging.desk.urls")),
]

media_urlpatterns = [
    path("attachments/<path:path>", AttachmentFileView.as_view(), name="attachment-file"),
    path("originals/<path:path>", OriginalFileView.as_view(), name="original-file"),
    path("thumbnails/<path:path>", ThumbnailFileView.as_view(), name="thumbnail-file"),
]
