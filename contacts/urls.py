from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from contacts.views import ContactViewSet, CustomerContactsView, CustomersWithContactsView

router = SimpleRouter()
router.register("contacts", ContactViewSet, basename="contact")

urlpatterns = [
    path("", include(router.urls)),
    path("customers-with-contacts/", CustomersWithContactsView.as_view()),
    re_path(r"^customers/(?P<customer_id>\d+)/contacts/$", CustomerContactsView.as_view()),
]
