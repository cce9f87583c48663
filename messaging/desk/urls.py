from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from messaging.desk.events_view import CustomerEventsView
from messaging.desk.views import DeskViewSet

router = SimpleRouter()
router.register("customers", DeskViewSet, basename="customer")

urlpatterns = [
    path("", include(router.urls)),
    re_path(r"^customers/(?P<customer_id>\d{1,18})/events/$", CustomerEventsView.as_view()),
]
